from app.stock.service.stock import Stock

__all__ = ["Stock"]
